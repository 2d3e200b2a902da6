"""Ask what README.md asks of the demonstration shop, and compare the answers with those that it shows.

python .ci/readme.py http://127.0.0.1:8000
"""

import json
import math
import re
import shlex
import sys
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

README = Path(__file__).resolve().parents[1] / "README.md"
EXAMPLE = re.compile(r"```sh\n(curl .+?)\n```\n```json\n(.+?)\n```", re.DOTALL)
SHOWN_AT = "http://127.0.0.1:8000"


def request_of(command: str, address: str) -> urllib.request.Request:
    """The request that a curl command of README sends, to another address."""
    words = shlex.split(command)[1:]
    options = {words[place]: words[place + 1] for place in range(0, len(words) - 1, 2)}
    headers = dict([options["-H"].split(": ", 1)]) if "-H" in options else {}
    body = options["-d"].encode() if "-d" in options else None
    return urllib.request.Request(words[-1].replace(SHOWN_AT, address), data=body, headers=headers)  # noqa: S310


def differences(shown: Any, answered: Any, where: str = "") -> Iterator[str]:
    """Yield where an answer is not as shown; keys that README leaves out do not count."""
    if isinstance(shown, dict) and isinstance(answered, dict):
        for key, value in shown.items():
            yield from differences(value, answered.get(key), f"{where}.{key}")
    elif isinstance(shown, float) and isinstance(answered, int | float):
        if not math.isclose(shown, answered, rel_tol=1e-6):
            yield f"{where}: README shows {shown}, the answer is {answered}"
    elif shown != answered:
        yield f"{where}: README shows {shown}, the answer is {answered}"


def main(address: str) -> int:
    examples = EXAMPLE.findall(README.read_text())
    found = [] if examples else ["README.md has no example."]
    for command, shown in examples:
        with urllib.request.urlopen(request_of(command, address), timeout=30) as response:  # noqa: S310
            found += (f"{command}\n  {line}" for line in differences(json.loads(shown), json.load(response)))
    print("\n".join(found) or f"{len(examples)} examples of README.md are as shown")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
