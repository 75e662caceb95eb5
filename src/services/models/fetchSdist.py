"""Downloads one source archive with pip's own session (index, mirrors, certificates and proxies as pip is configured).

fetchSdist.py NAME VERSION FILE. Prints `bytes N` lines while it runs. The archive is written and never opened, built or
run: `pip download` would run its setup.py. The caller checks the hash.
"""

import sys

from pip._internal.commands.download import DownloadCommand

NAME, VERSION, FILE = sys.argv[1:4]


class Fetch(DownloadCommand):
    def run(self, options, args):
        session = self.get_default_session(options)
        finder = self._build_package_finder(options=options, session=session, ignore_requires_python=True)
        found = [c.link for c in finder.find_all_candidates(NAME) if str(c.version) == VERSION and not c.link.is_wheel]
        if not found:
            sys.exit("no source archive of this version was found")
        response = session.get(found[0].url.split("#", 1)[0], headers={"Accept-Encoding": "identity"}, stream=True)
        response.raise_for_status()
        count = 0
        with open(FILE, "wb") as out:
            for chunk in response.iter_content(1 << 18):
                out.write(chunk)
                count += len(chunk)
                print("bytes", count, flush=True)
        return 0


sys.exit(Fetch("download", "").main(["--quiet"]))
