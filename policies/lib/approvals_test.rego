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

chosen(sources) := {"stage": 1, "from": sources, "quorum": 1, "confirmations": [], "exclude": []}

test_sources_in_whatever_order_are_the_same_people if {
	merged := approvals.merge([chosen([{"manager": true}, {"group": "dba"}]), chosen([{"group": "dba"}, {"manager": true}])])
	count(merged) == 1
	merged[0].from == [{"group": "dba"}, {"manager": true}]
	not "group" in object.keys(merged[0])
}

test_other_sources_are_other_people if count(approvals.merge([chosen([{"manager": true}]), chosen([{"owner_group": true}]), one])) == 3

test_no_source_is_nobody if not "from" in object.keys(approvals.merge([chosen([])])[0])

test_a_group_comes_without_sources if not "from" in object.keys(approvals.merge([one])[0])

timed(seconds) := object.union(one, {"deadline_s": seconds})

test_shortest_time_wins if {
	approvals.merge([timed(60), one, timed(30)])[0].deadline_s == 30
	not "deadline_s" in object.keys(approvals.merge([one])[0])
}

escalated(seconds, group) := object.union(one, {"escalate": {"after_s": seconds, "to": group}})

test_others_decide_besides_after_the_longest_silence if {
	approvals.merge([escalated(60, "lead"), escalated(90, "lead")])[0].escalate == {"after_s": 90, "to": "lead"}
}

test_others_decide_besides_only_where_every_rule_says_so if {
	not "escalate" in object.keys(approvals.merge([escalated(60, "lead"), one])[0])
	not "escalate" in object.keys(approvals.merge([escalated(60, "lead"), escalated(60, "owners")])[0])
	not "escalate" in object.keys(approvals.merge([one])[0])
}

test_nothing_wanted if approvals.merge([]) == []
