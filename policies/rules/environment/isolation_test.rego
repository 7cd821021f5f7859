package sallyport.rules.environment.isolation_test

import data.sallyport.rules.environment.isolation

codes(agent, resource, profile) := {f.code | some f in found} if {
	found := isolation.finding with input as {
		"subject": {"environment": agent},
		"resource": {"environment": resource},
		"context": {"profile": {"environments": profile}},
	}
}

test_one_environment if codes("production", "production", ["production"]) == set()

test_other_environments if {
	codes("staging", "production", ["production"]) == {"agent_of_other_environment"}
	codes("staging", "staging", ["production"]) == {"profile_of_other_environment"}
	codes("production", "production", []) == {"profile_of_other_environment"}
}

test_unknown_is_another if {
	got := {f.code | some f in isolation.finding} with input as {}
	got == {"agent_of_other_environment", "profile_of_other_environment"}
}
