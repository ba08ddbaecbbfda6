#!/bin/sh
# Turns a minimal Debian into the likeness of an official image. mmdebstrap calls it with the new root
# folder; HULLPROOF_* come from standin.py.
set -eu
# Much is removed below this folder: never of the machine itself.
root="$(cd "${1:?the new root folder}" && pwd -P)"
if [ "$root" = / ]; then
    echo "standin-setup.sh: changes nothing of this machine's own root; the new root folder is needed" >&2
    exit 1
fi
python="$HULLPROOF_PYTHON" # "3.11", or empty for a plain Debian
etc="$root/etc"

# The authorities that this machine trusts beside the public ones, a file each as update-ca-certificates wants it.
if [ -d "$HULLPROOF_AUTHORITIES" ]; then
    mkdir -p "$root/usr/local/share/ca-certificates"
    cp "$HULLPROOF_AUTHORITIES"/*.crt "$root/usr/local/share/ca-certificates/"
    # Without ca-certificates (plain Debian) they count from the moment it is installed.
    if [ -x "$root/usr/sbin/update-ca-certificates" ]; then
        chroot "$root" update-ca-certificates >/dev/null 2>&1
    fi
fi

# Official slim images compile extension modules as soon as there is a compiler: they bring Python's headers. The
# package that Debian has them in would bring a library of 35 MB and half of the C library's headers along.
if [ -n "$python" ] && [ -z "$HULLPROOF_FULL" ]; then
    headers="$root/tmp/headers"
    mkdir "$headers"
    (cd "$headers" && APT_CONFIG="$MMDEBSTRAP_APT_CONFIG" apt-get -qq download "libpython$python-dev")
    dpkg-deb --fsys-tarfile "$headers/"*.deb | tar -x -C "$root" ./usr/include
    rm -r "$headers"
fi

# apt as the machine's own: sources written out by us, as mmdebstrap leaves its temporary ones.
rm -f "$etc/apt/sources.list" "$etc/apt/sources.list.d/"* "$etc/apt/apt.conf.d/99mmdebstrap"
cp "$HULLPROOF_SOURCES" "$etc/apt/sources.list.d/debian.sources"
if [ -s "$HULLPROOF_APT_CONF" ]; then cp "$HULLPROOF_APT_CONF" "$etc/apt/apt.conf.d/99hullproof-host"; fi
# As official Debian images do: no archives kept, no translations fetched, documentation left out.
cat >"$etc/apt/apt.conf.d/docker-clean" <<'EOF'
DPkg::Post-Invoke { "rm -f /var/cache/apt/archives/*.deb /var/cache/apt/archives/partial/*.deb /var/cache/apt/*.bin || true"; };
Dir::Cache::pkgcache "";
Dir::Cache::srcpkgcache "";
EOF
echo 'Acquire::Languages "none";' >"$etc/apt/apt.conf.d/docker-no-languages"
sed -i '/^force-unsafe-io$/d' "$etc/dpkg/dpkg.cfg.d/99mmdebstrap"
mv "$etc/dpkg/dpkg.cfg.d/99mmdebstrap" "$etc/dpkg/dpkg.cfg.d/docker-slim"
# A container has no init: packages must not start their daemons during a build.
printf '#!/bin/sh\nexit 101\n' >"$root/usr/sbin/policy-rc.d"
chmod 755 "$root/usr/sbin/policy-rc.d"

# The machine's own choices for Python are not the image's.
unset PYTHONDONTWRITEBYTECODE PYTHONPATH PYTHONHOME VIRTUAL_ENV
: >"$HULLPROOF_VERSION"
if [ -n "$python" ]; then
    chroot "$root" /usr/bin/python3 -c 'import platform; print(platform.python_version())' >"$HULLPROOF_VERSION"
    # /usr/local is where official images keep Python. A virtual environment there gives the same paths;
    # with --system-site-packages, so that `pip install --user` works too.
    chroot "$root" /usr/bin/python3 -m venv --system-site-packages /usr/local
    rm -f "$root/usr/local/bin/"[Aa]ctivate*
    # What would refuse `pip install` outside of it (uv --system, python3 -m pip of /usr/bin).
    rm -f "$root/usr/lib/python3"*/EXTERNALLY-MANAGED
    # Dockerfiles copy /usr/local/lib/python3.12/site-packages from stage to stage, and start python3.12.
    if [ -n "$HULLPROOF_IN_PLACE_OF" ]; then
        ln -s "python$python" "$root/usr/local/lib/python$HULLPROOF_IN_PLACE_OF"
        ln -s python3 "$root/usr/local/bin/python$HULLPROOF_IN_PLACE_OF"
    fi
    # Trust without environment variables, which every image built on this one would inherit: pip, urllib
    # and apt read the system's store by themselves; uv is told so; requests brings authorities of its own
    # and goes by nothing but the environment, so it is set inside each Python process.
    mkdir -p "$etc/uv"
    echo 'native-tls = true' >"$etc/uv/uv.toml"
    printf '[global]\ncert = /etc/ssl/certs/ca-certificates.crt\n' >"$etc/pip.conf"
    cat >>"$etc/python$python/sitecustomize.py" <<'EOF'

# Written by Hullproof into this stand-in base: trust the authorities that the machine trusts.
import os
for _name in ("REQUESTS_CA_BUNDLE", "SSL_CERT_FILE"):
    os.environ.setdefault(_name, "/etc/ssl/certs/ca-certificates.crt")
del os, _name
EOF
fi

# Compiled modules double the size of a library, and official images have none either.
find "$root/usr/local/lib" "$root/usr/lib" -depth -type d -name __pycache__ -exec rm -rf {} +
if [ -z "$HULLPROOF_FULL" ]; then
    # Read only when Debian packages are built, when tzdata asks its questions anew, and by Windows.
    rm -f "$root/var/lib/dpkg/info/"*.symbols "$root/var/lib/dpkg/info/tzdata.templates"
    rm -f "$root/usr/lib/python3"*/pydoc_data/topics.py
    if [ -d "$root/usr/local/lib" ]; then find "$root/usr/local/lib" -name '*.exe' -delete; fi
fi
# A hard link counts twice in a layer.
for perl in "$root/usr/bin/perl"5*; do
    if [ "$perl" -ef "$root/usr/bin/perl" ]; then ln -sf perl "$perl"; fi
done

# Nothing that only made it, nothing that only grows.
rm -rf "$root/usr/share/doc-base" "$root/usr/share/info" "$root/usr/share/lintian" "$root/usr/share/pixmaps" \
    "$root/var/cache/apt/"* "$root/var/lib/apt/lists/"* "$root/var/cache/debconf/"*-old "$root/var/lib/dpkg/"*-old "$root/var/cache/ldconfig" \
    "$root/var/log/"*.log "$root/var/log/apt" "$root/root/.cache" "$root/tmp/"*
find "$root/usr/share/doc" -type f ! -name copyright -delete
find "$root/usr/share/doc" -type l ! -name copyright -delete
find "$root/usr/share/doc" -depth -type d -empty -delete
: >"$etc/machine-id"
: >"$etc/hostname"
rm -f "$etc/resolv.conf"
