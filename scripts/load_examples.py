"""Creates the project of the example flows over REST, and the tools that agents have of them; what is there already is overwritten.

Usage: load_examples.py URL, with an API key in FLOWSTEAD_API_KEY. Standard library only.
"""

import json
import os
import pathlib
import sys
import urllib.error
import urllib.request

# The server is on this machine: no proxy in between.
OPENER = urllib.request.build_opener(urllib.request.ProxyHandler({}))
EXAMPLES = pathlib.Path(__file__).resolve().parent.parent / "examples"


def post(url: str, key: str, record: dict) -> dict:
    request = urllib.request.Request(
        f"{url}?plain=true",
        data=json.dumps(record).encode(),
        headers={"content-type": "application/json", "authorization": f"Bearer {key}"},
        method="POST",
    )
    try:
        with OPENER.open(request, timeout=60) as answer:
            return json.load(answer)
    except urllib.error.HTTPError as error:
        sys.exit(f"{url} refused {record['name']!r}: {error.code} {error.read().decode(errors='replace')}")
    except OSError as error:
        sys.exit(f"{url} cannot be reached: {error}")


def main() -> None:
    base = sys.argv[1].rstrip("/") + "/api/latest"
    key = os.environ["FLOWSTEAD_API_KEY"]
    project = json.loads((EXAMPLES / "project.json").read_text(encoding="utf-8"))
    flows = project.pop("flows")
    post(f"{base}/project", key, project)
    for flow in flows:
        tool = flow.pop("tool", None)
        flow["script"] = (EXAMPLES / flow["script"]).read_text(encoding="utf-8")
        flow["project_name"] = project["name"]
        made = post(f"{base}/flow", key, flow)
        if tool is not None:
            post(f"{base}/mcp_user_tool", key, {**tool, "flow_id": made["id"], "project_name": project["name"]})


if __name__ == "__main__":
    main()
