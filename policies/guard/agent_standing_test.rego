package sallyport.guard.agent_standing_test

import data.sallyport.guard.agent_standing

person := {"iss": "https://idp.example", "sub": "u-17"}

good := {
	"claims": {},
	"subject": {
		"id": "a-1",
		"state": "active",
		"expired": false,
		"owner": {"person": "olga", "active": true},
		"principals": [{"person": "ulla", "active": true, "identities": [person]}],
	},
}

codes(patch) := {f.code | some f in found} if {
	found := agent_standing.finding with input as object.union(good, patch)
}

test_nothing_against_a_good_agent if codes({}) == set()

test_state_expiry_owner if {
	codes({"subject": {"state": "suspended"}}) == {"agent_suspended"}
	codes({"subject": {"expired": true}}) == {"agent_expired"}
	codes({"subject": {"owner": {"active": false}}}) == {"owner_inactive"}
}

test_principal_must_be_its_own_and_active if {
	codes({"claims": {"on_behalf_of": person}}) == set()
	codes({"claims": {"on_behalf_of": {"iss": "https://idp.example", "sub": "u-1"}}}) == {"principal_not_registered"}
	codes({"claims": {"on_behalf_of": person}, "subject": {"principals": [{"active": true, "identities": [{"iss": "https://other.example", "sub": "x"}, person]}]}}) == set()
	codes({"claims": {"on_behalf_of": person}, "subject": {"principals": [{"active": false, "identities": [person]}]}}) == {"principal_inactive"}
}

test_unknown_is_not_good if {
	got := {f.code | some f in agent_standing.finding} with input as {}
	got == {"agent_suspended", "agent_expired", "owner_inactive"}
}
