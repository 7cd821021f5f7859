package sallyport.rules.pay.payee_and_sum_test

import data.sallyport.rules.pay.payee_and_sum

config := {"pay": {"actions": ["payment.*"], "without_payee": ["payment.refund"], "group": "finance", "quorum": 1, "currencies": {"EUR": {"daily_ceiling_minor": 200}}, "credential_ttl_s": 600}}

base := {
	"action": {"name": "payment.transfer", "properties": {"amount_minor": 10, "currency": "EUR", "payee": "p"}},
	"subject": {"limits": [{"currency": "EUR", "single_minor": 20, "daily_minor": 100}]},
	"context": {
		"counterparty": {"registered": true, "approved": true},
		"spend": {"currency": "EUR", "own_minor": 0, "people_minor": 0},
	},
}

codes(patch) := {f.code | some f in found} if {
	found := payee_and_sum.finding with data.config as config with input as object.union(base, patch)
}

spent(own, people) := {"context": {"spend": {"own_minor": own, "people_minor": people}}}

test_sum_of_the_day if {
	codes(spent(90, 0)) == set()
	codes(spent(91, 0)) == {"daily_limit_exceeded"}
	codes(spent(0, 150)) == set()
	codes(spent(91, 100)) == {"daily_limit_exceeded", "daily_ceiling_exceeded"}
}

test_payee if {
	codes({"context": {"counterparty": {"registered": false}}}) == {"payee_unregistered"}
	codes({"context": {"counterparty": {"approved": false}}}) == {"payee_not_approved"}
}

test_unknown_sum_is_no_sum if codes({"context": {"spend": {"own_minor": "0"}}}) == {"daily_sum_unknown", "daily_limit_exceeded"}

test_what_people_decide_anyway_is_not_asked_twice if {
	codes({"action": {"properties": {"amount_minor": 120}}}) == set()
	codes({"action": {"properties": {"amount_minor": 201}}}) == {"daily_ceiling_exceeded"}
}

test_without_a_daily_limit_people_decide if codes({"subject": {"limits": []}}) == {"daily_limit_exceeded"}
