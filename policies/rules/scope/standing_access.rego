# METADATA
# scope: package
# title: An agent that could do it without the gate does nothing by itself
# description: >-
#   An account of the agent at the target of the requested profile goes past every approval, so that what it asks for there is always for people,
#   who see the account. The compensating control for access that nobody has taken away yet.
# schemas:
#   - input: schema.input
# custom:
#   rule: SCOPE-004
#   severity: high
#   controls: ["ASI03", "NHI5:2025", "NHI7:2025", "CSF PR.AA-05", "800-53 AC-6"]
#   confirmations:
#     - id: standing
#       text: The agent still needs its own account there, besides what is asked for now
#       fact: subject.outside_access
package sallyport.rules.scope.standing_access

# Not known is not none.
finding contains {
	"rule": "SCOPE-004",
	"effect": "require_approval",
	"code": "standing_access",
	"params": {"profile": object.get(input, ["action", "access", "profile"], "")},
	"obligations": {"approvals": [{
		"stage": 3,
		"group": data.config.scope.standing_group,
		"quorum": data.config.scope.standing_quorum,
		"confirmations": ["standing"],
		"exclude": [],
	}]},
} if {
	not input.subject.outside_access == []
}
