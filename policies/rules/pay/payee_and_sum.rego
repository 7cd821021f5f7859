# METADATA
# scope: package
# title: An unknown payee, or more in a day than the agent may spend on its own, goes to people
# description: >-
#   The sum counts what is in flight as well as what was paid, so that many small payments at once are one large one. A payee
#   that is registered but not approved, or that nobody looked up, is refused, and so is whatever would pass the ceiling of a day,
#   people or not. People see the sum with its time, and confirm beside the limit: the sum moves while they look.
# schemas:
#   - input: schema.input
# custom:
#   rule: PAY-002
#   severity: high
#   controls: ["ASI02", "ASI08", "CSF ID.RA-07", "800-53 AC-5"]
#   confirmations:
#     - id: payee
#       text: The payee is who it should be
#       fact: context.counterparty
#     - id: daily_sum
#       text: It is right that the agent pays more on this day than its own limit
#       fact: subject.limits
package sallyport.rules.pay.payee_and_sum

import data.sallyport.lib.names

applies if names.listed(data.config.pay.actions, input.action.name)

amount := input.action.properties.amount_minor if {
	is_number(input.action.properties.amount_minor)
	input.action.properties.amount_minor > 0
	floor(input.action.properties.amount_minor) == input.action.properties.amount_minor
}

currency := input.action.properties.currency if is_string(input.action.properties.currency)

limits := [limit | some limit in input.subject.limits; limit.currency == currency]

# Of several limits in one currency the smallest counts.
daily_minor := least if {
	least := min({limit.daily_minor | some limit in limits})
	is_number(least)
}

# Above its single limit the agent does not pay on its own: PAY-001 has asked people already.
asks_people if {
	least := min({limit.single_minor | some limit in limits})
	is_number(least)
	amount > least
}

own_minor := input.context.spend.own_minor if {
	is_number(input.context.spend.own_minor)
	input.context.spend.currency == currency
}

people_minor := input.context.spend.people_minor if is_number(input.context.spend.people_minor)

summable if {
	amount > 0
	own_minor >= 0
	people_minor >= 0
}

payee_approved if {
	input.context.counterparty.registered == true
	input.context.counterparty.approved == true
}

payee_unregistered if input.context.counterparty.registered == false

# Money that goes back where it came from names nobody.
payee_not_needed if {
	names.listed(data.config.pay.without_payee, input.action.name)
	not "payee" in object.keys(input.action.properties)
}

payee_open if payee_unregistered

payee_open if payee_approved

payee_open if payee_not_needed

within_day if own_minor + amount <= daily_minor

below_ceiling if (own_minor + people_minor) + amount <= data.config.pay.currencies[currency].daily_ceiling_minor

finding contains {"rule": "PAY-002", "effect": "deny", "code": "payee_not_approved", "params": {}} if {
	applies
	not payee_open
}

finding contains {"rule": "PAY-002", "effect": "deny", "code": "daily_sum_unknown", "params": {}} if {
	applies
	not summable
}

finding contains {"rule": "PAY-002", "effect": "deny", "code": "daily_ceiling_exceeded", "params": {}} if {
	applies
	summable
	not below_ceiling
}

finding contains to_people("payee_unregistered", "payee") if {
	applies
	payee_unregistered
}

finding contains to_people("daily_limit_exceeded", "daily_sum") if {
	applies
	not within_day
	not asks_people
}

to_people(code, confirmation) := {
	"rule": "PAY-002",
	"effect": "require_approval",
	"code": code,
	"params": {},
	"obligations": {
		"approvals": [{
			"stage": 1,
			"group": data.config.pay.group,
			"quorum": data.config.pay.quorum,
			"min_limit": {"amount_minor": amount, "currency": currency},
			"confirmations": [confirmation],
			"exclude": [],
		}],
		"credential": {"ttl_s": data.config.pay.credential_ttl_s, "max_uses": 1},
	},
}
