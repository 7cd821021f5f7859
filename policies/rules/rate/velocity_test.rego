package sallyport.rules.rate.velocity_test

import data.sallyport.rules.rate.velocity

config := {"rate": {"group": "security", "quorum": 1, "usual": {"soft": 10, "hard": 20}, "actions": {"data.share": {"soft": 1, "hard": 2}}}}

effects(name, count) := {f.effect | some f in found} if {
	found := velocity.finding with data.config as config
		with input as {"action": {"name": name}, "context": {"velocity": {"count": count}}}
}

test_soft_and_hard if {
	effects("x", 9) == set()
	effects("x", 10) == {"require_approval"}
	effects("x", 20) == {"require_approval", "deny"}
}

test_limits_of_an_action if effects("data.share", 1) == {"require_approval"}

test_unknown_count_is_too_many if {
	effects("x", null) == {"require_approval", "deny"}
	effects("x", "1") == {"require_approval", "deny"}
	effects("x", -1) == {"require_approval", "deny"}
}
