# METADATA
# scope: package
# title: No agent touches the gate itself
# description: >-
#   Policy, registry, approver groups, limits, keys and logs of the gate, and the agent's own entry, are for people.
#   The list stands here and not in the config: whoever can change thresholds cannot open this door.
# schemas:
#   - input: schema.input
# custom:
#   rule: SELF-001
#   severity: critical
#   controls: ["ASI03", "ASI10", "CSF PR.AA-05", "800-53 AC-5", "800-53 AU-9"]
package sallyport.guard.gate_itself

families := {"sallyport", "policy", "registry", "approvals", "credentials", "audit"}

finding contains denial("gate_action") if split(input.action.name, ".")[0] in families

finding contains denial("gate_resource") if split(input.resource.type, ".")[0] in families

finding contains denial("own_entry") if {
	input.resource.type == "agent"
	input.resource.id == input.subject.id
}

finding contains denial("target_unclear") if not named

named if {
	is_string(input.action.name)
	is_string(input.resource.type)
	is_string(input.resource.id)
	is_string(input.subject.id)
}

denial(code) := {
	"rule": "SELF-001",
	"effect": "deny",
	"code": code,
	"params": {
		"action": object.get(input, ["action", "name"], ""),
		"resource": object.get(input, ["resource", "id"], ""),
	},
}
