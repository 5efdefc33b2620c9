def handler(system, this, inputs):
    workspace = next(system.workspaces())
    data = {"description": "Changes the list", "template": "Nothing to do."}
    system.record_metadata().save(record_id=workspace.get("id"), key=f"mcp_prompt:changed_{this.uuid()[-8:]}", data=data)
    return "changed"
