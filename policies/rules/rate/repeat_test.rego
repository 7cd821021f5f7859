package sallyport.rules.rate.repeat_test

import data.sallyport.rules.rate.repeat

config := {"rate": {"cool_down_s": 3600, "cool_downs": {"workload.quarantine": 0, "data.share": 60}}}

found(name, refusal) := {[f.effect, f.params.ask_again_s] | some f in findings} if {
	findings := repeat.finding with data.config as config
		with input as {"action": {"name": name}, "context": {"refusal": refusal}}
}

refused(seconds) := {"refused": true, "seconds_ago": seconds}

test_nobody_has_refused if found("x", {"refused": false}) == set()

test_holds_for_its_time if {
	found("x", refused(0)) == {["deny", 3600]}
	found("x", refused(3599)) == {["deny", 1]}
	found("x", refused(3600)) == set()
}

test_a_time_of_its_own if {
	found("data.share", refused(59)) == {["deny", 1]}
	found("data.share", refused(60)) == set()
}

test_containment_is_never_held_up if found("workload.quarantine", refused(0)) == set()

test_unknown_counts_as_just_now if {
	found("x", null) == {["deny", 3600]}
	found("x", {"refused": true}) == {["deny", 3600]}
	found("x", refused("4000")) == {["deny", 3600]}
}
