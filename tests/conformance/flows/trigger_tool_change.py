def handler(system, this, inputs):
    # A user tool of a new name each time: the list has changed for certain.
    system.mcp_user_tool(f"changed_{this.uuid()[-8:]}").save(flow_id=this.get("flow_id"), description="Changes the list", is_enabled=True)
    return "changed"
