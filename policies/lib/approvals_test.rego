package sallyport.lib.approvals_test

import data.sallyport.lib.approvals

one := {"stage": 1, "group": "dba", "quorum": 1, "confirmations": ["scope"], "exclude": ["ann"]}

two := {"stage": 1, "group": "dba", "quorum": 2, "confirmations": ["data_loss"], "exclude": ["bob"]}

paid(amount) := {"stage": 1, "group": "finance", "quorum": 1, "min_limit": {"amount_minor": amount, "currency": "EUR"}, "confirmations": [], "exclude": []}

test_strictest_wins if {
	approvals.merge([one, two]) == [{
		"stage": 1,
		"group": "dba",
		"quorum": 2,
		"confirmations": ["data_loss", "scope"],
		"exclude": ["ann", "bob"],
	}]
}

test_order_and_repetition_mean_nothing if approvals.merge([two, one, two]) == approvals.merge([one, two])

test_largest_limit if approvals.merge([paid(5), paid(70)])[0].min_limit == {"amount_minor": 70, "currency": "EUR"}

test_stages_in_order if {
	merged := approvals.merge([object.union(one, {"stage": 2, "group": "a"}), one])
	[m.stage | some m in merged] == [1, 2]
}

test_groups_stay_apart if count(approvals.merge([one, object.union(one, {"group": "security"})])) == 2

test_nothing_wanted if approvals.merge([]) == []
