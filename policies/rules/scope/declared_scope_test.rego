package sallyport.rules.scope.declared_scope_test

import data.sallyport.rules.scope.declared_scope

effects(scope) := {f.effect | some f in found} if {
	found := declared_scope.finding with input as {
		"subject": {"scope": scope},
		"action": {"name": "db.read"},
		"resource": {"id": "prod/orders"},
	}
}

test_allows_inside if effects([{"actions": ["db.read"], "resources": ["prod/*"]}]) == {"allow"}

test_denies_outside if {
	effects([{"actions": ["db.write"], "resources": ["prod/*"]}]) == {"deny"}
	effects([{"actions": ["db.read"], "resources": ["staging/*"]}]) == {"deny"}
	effects([]) == {"deny"}
	effects("**") == {"deny"}
}

test_an_action_is_never_a_pattern if effects([{"actions": ["db.*"], "resources": ["prod/*"]}]) == {"deny"}
