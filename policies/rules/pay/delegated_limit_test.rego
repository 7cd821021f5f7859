package sallyport.rules.pay.delegated_limit_test

import data.sallyport.rules.pay.delegated_limit

config := {"pay": {"actions": ["payment.*"], "group": "finance", "quorum": 1, "directors_group": "finance-directors", "directors_quorum": 2, "directors_step_up": true, "currencies": {"EUR": {"directors_above_minor": 1000}}, "credential_ttl_s": 600}}

findings(amount, currency) := found if {
	found := delegated_limit.finding with data.config as config
		with input as {
			"action": {"name": "payment.refund", "properties": {"amount_minor": amount, "currency": currency}},
			"subject": {"limits": [{"currency": "EUR", "single_minor": 50}]},
		}
}

codes(amount, currency) := {f.code | some f in findings(amount, currency)}

test_own_limit if {
	codes(50, "EUR") == set()
	codes(51, "EUR") == {"above_own_limit"}
}

test_tier if {
	codes(1000, "EUR") == {"above_own_limit"}
	codes(1001, "EUR") == {"above_director_tier"}
}

test_authority_reaches_the_amount if {
	some f in findings(600, "EUR")
	f.obligations.approvals[0].min_limit == {"amount_minor": 600, "currency": "EUR"}
}

test_no_such_money if {
	codes(5, "XAU") == {"amount_invalid"}
	codes("5", "EUR") == {"amount_invalid"}
	codes(0, "EUR") == {"amount_invalid"}
	codes(-5, "EUR") == {"amount_invalid"}
	codes(1.5, "EUR") == {"amount_invalid"}
	codes(null, "EUR") == {"amount_invalid"}
}

test_only_directors_confirm_with_a_key if {
	{f.obligations.step_up | some f in findings(1001, "EUR")} == {true}
	{f.obligations.step_up | some f in findings(1000, "EUR")} == set()
}
