package sallyport.rules.scope.credential_width_test

import data.sallyport.rules.scope.credential_width

config := {"scope": {"forbidden_profiles": ["admin"], "wide_group": "security", "wide_quorum": 1}}

profile := {"id": "p", "actions": ["db.read"], "resources": ["prod/*"], "environments": ["production"]}

codes(patch, name) := {f.code | some f in found} if {
	found := credential_width.finding with data.config as config
		with input as {
			"action": {"name": "db.read", "access": {"profile": name}},
			"resource": {"id": "prod/orders", "environment": "production"},
			"context": {"profile": object.union(profile, patch)},
		}
}

test_fitting_profile if codes({}, "p") == set()

test_refused_profiles if {
	codes({}, "admin") == {"profile_forbidden"}
	codes({"actions": ["*", "db.read"]}, "p") == {"profile_all_purpose"}
	codes({"resources": ["prod/customers"]}, "p") == {"profile_does_not_cover"}
	codes({"id": null}, "p") == {"profile_unknown"}
}

test_wide_profile_asks if codes({"resources": ["*/orders"]}, "p") == {"profile_wide"}

test_other_environment_is_not_its_business if codes({"resources": ["staging/x"], "environments": ["staging"]}, "p") == set()
