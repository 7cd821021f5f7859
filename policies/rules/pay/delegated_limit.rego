# METADATA
# scope: package
# title: A payment above the agent's own limit is decided by somebody with the authority
# description: >-
#   Up to its registered limit the agent pays on its own. Above, a person of finance whose delegated limit reaches the amount;
#   above the tier of the currency, two directors, whatever the agent's own limit is, with their security keys where the settings say so. The amount is confirmed beside the agent's
#   limits, which only the registry changes; what else the agent pays meanwhile is no reason to ask people again.
# schemas:
#   - input: schema.input
# custom:
#   rule: PAY-001
#   severity: high
#   controls: ["ASI02", "ASI03", "CSF PR.AA-05", "800-53 AC-3(2)", "800-53 AC-5"]
#   confirmations:
#     - id: amount
#       text: The amount and the payee are right
#       fact: subject.limits
package sallyport.rules.pay.delegated_limit

import data.sallyport.lib.names

applies if names.listed(data.config.pay.actions, input.action.name)

amount := input.action.properties.amount_minor if {
	is_number(input.action.properties.amount_minor)
	input.action.properties.amount_minor > 0
	floor(input.action.properties.amount_minor) == input.action.properties.amount_minor
}

tier := data.config.pay.currencies[input.action.properties.currency]

payable if {
	amount > 0
	tier.directors_above_minor >= 0
}

# Of several limits in one currency the smallest counts.
within_limit if {
	least := min({limit.single_minor | some limit in input.subject.limits; limit.currency == input.action.properties.currency})
	is_number(least)
	amount <= least
}

above_tier if amount > tier.directors_above_minor

finding contains {"rule": "PAY-001", "effect": "deny", "code": "amount_invalid", "params": {}} if {
	applies
	not payable
}

finding contains {
	"rule": "PAY-001",
	"effect": "require_approval",
	"code": "above_own_limit",
	"params": {},
	"obligations": {
		"approvals": [{
			"stage": 1,
			"group": data.config.pay.group,
			"quorum": data.config.pay.quorum,
			"min_limit": {"amount_minor": amount, "currency": input.action.properties.currency},
			"confirmations": ["amount"],
			"exclude": [],
		}],
		"credential": {"ttl_s": data.config.pay.credential_ttl_s, "max_uses": 1},
	},
} if {
	applies
	payable
	not within_limit
	not above_tier
}

finding contains {
	"rule": "PAY-001",
	"effect": "require_approval",
	"code": "above_director_tier",
	"params": {"tier_minor": tier.directors_above_minor},
	"obligations": {
		"approvals": [{
			"stage": 1,
			"group": data.config.pay.directors_group,
			"quorum": data.config.pay.directors_quorum,
			"confirmations": ["amount"],
			"exclude": [],
		}],
		"step_up": data.config.pay.directors_step_up,
		"credential": {"ttl_s": data.config.pay.credential_ttl_s, "max_uses": 1},
	},
} if {
	applies
	payable
	above_tier
}
