"""The one table of options that take a value, by tool: what stands behind one of them is no word of the command."""

from __future__ import annotations

from hullproof.tools import names

PIP = names("""-r --requirement -c --constraint -e --editable -t --target --platform --python-version --implementation --abi
    --root --prefix --src -b --build --upgrade-strategy -C --config-settings --global-option --install-option
    --no-binary --only-binary --progress-bar --root-user-action --report --use-feature --use-deprecated -i
    --index-url --extra-index-url -f --find-links --log --proxy --retries --timeout --exists-action --trusted-host
    --cert --client-cert --cache-dir --python -d --dest -w --wheel-dir --group --build-constraint --override
    --overrides --excludes -p --index --default-index --index-strategy --keyring-provider --python-platform --extra
    --link-mode --resolution --prerelease --exclude-newer --reinstall-package --upgrade-package --torch-backend
    --only-group --no-group --no-extra --package --project --directory -P --no-install-package --no-build-package
    --config-file --color --requirements-from-script""")
MANAGERS = names("""-C --directory -P --project -p --only --with --without -E --extras -G --group --extra --no-group --only-group
    --no-extra -L --lockfile --venv --python --package --no-install-package --index --default-index --index-url
    --extra-index-url --link-mode --cache-dir --config-setting --config-file --python-platform --no-build-package
    --no-binary-package -i --requirements -r --categories --pypi-mirror -f --find-links --color --upgrade-package
    --refresh-package --reinstall-package""")
CONDA = names("""-n --name -p --prefix -c --channel -f --file --solver -r --root-prefix --rc-file --repodata-fn --platform
    --log-level --category""")
UV_RUN = names("""--with --with-editable --with-requirements --extra --group --no-group --only-group --no-extra -p --python
 --package --project --directory --env-file --index --index-url --default-index --extra-index-url -i --cache-dir
 --config-file -f --find-links --link-mode --refresh-package --upgrade-package -P --from --no-build-package
 --no-binary-package --python-platform --color""")
TOX_AND_NOX = names("""-e -c --conf --workdir --root --result-json -s --session --sessions -f --noxfile -t --tags -m -k --keywords -p
    --python -P --force-python -r --default-venv-backend --envdir --extra-pythons --skip-env -m -x
    --override --installpkg --parallel --runner --report""")
SYSTEM = names("""-o -c -t --option --config-file --target-release -a --host-architecture --virtual --repository -X -p
    --root --arch""")
MAKE = frozenset({"-C", "--directory", "-f", "--file", "--makefile", "-j", "--jobs", "-I", "-o", "-W"})
DJANGO = names("""--settings --pythonpath -v --verbosity --testrunner -k -p --pattern --tag --exclude-tag --parallel -t
    --top-level-directory --shuffle --durations""")
PYTHON = frozenset({"-W", "-X"})
OTHER_RUNNERS = frozenset(
    {"-k", "-m", "-s", "-c", "--config", "--plugin", "-p", "--pattern", "--exclude-tag"}
)
