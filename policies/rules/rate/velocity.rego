# METADATA
# scope: package
# title: An agent that asks unusually often is looked at, then stopped
# description: Counts what the agent asked for under this action name in the minute before
# schemas:
#   - input: schema.input
# custom:
#   rule: RATE-001
#   severity: medium
#   controls: ["ASI08", "ASI10", "CSF DE.CM-09", "800-53 SC-5"]
#   confirmations:
#     - id: velocity
#       text: So many requests in a minute are expected
#       fact: context.velocity
package sallyport.rules.rate.velocity

limits := object.get(data.config.rate.actions, input.action.name, data.config.rate.usual)

below(limit) if {
	is_number(input.context.velocity.count)
	input.context.velocity.count >= 0
	input.context.velocity.count < limit
}

finding contains {"rule": "RATE-001", "effect": "deny", "code": "rate_hard_limit", "params": {"limit": limits.hard}} if {
	not below(limits.hard)
}

finding contains {
	"rule": "RATE-001",
	"effect": "require_approval",
	"code": "rate_soft_limit",
	"params": {"limit": limits.soft},
	"obligations": {"approvals": [{
		"stage": 4,
		"group": data.config.rate.group,
		"quorum": data.config.rate.quorum,
		"confirmations": ["velocity"],
		"exclude": [],
	}]},
} if {
	not below(limits.soft)
}
