"""The lab: experiments on scratch copies, rebuilt through the same cache. The user's tree is never written.

Nothing is imported here: facts are gathered side by side, and a thread that imports one module of a package whose
`__init__` imports them all, in another thread, is handed half of one.
"""
