package sallyport.rules.scope.standing_access_test

import data.sallyport.rules.scope.standing_access

config := {"scope": {"standing_group": "security", "standing_quorum": 2}}

found(subject) := {[f.effect, f.code, a.group, a.quorum] | some f in findings; some a in f.obligations.approvals} if {
	findings := standing_access.finding with data.config as config
		with input as {"action": {"access": {"profile": "p"}}, "subject": subject}
}

asks := {["require_approval", "standing_access", "security", 2]}

test_nothing_there if found({"outside_access": []}) == set()

test_an_account_there if found({"outside_access": [{"target": "t", "account": "a"}]}) == asks

test_unknown_is_not_none if {
	found({}) == asks
	found({"outside_access": null}) == asks
	found({"outside_access": "none"}) == asks
}
