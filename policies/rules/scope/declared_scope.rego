# METADATA
# scope: package
# title: The action and the resource are in the agent's declared scope
# description: The only rule that allows. Outside the declared scope nothing happens.
# schemas:
#   - input: schema.input
# custom:
#   rule: SCOPE-001
#   severity: high
#   controls: ["ASI02", "ASI03", "NHI5:2025", "CSF PR.AA-05", "800-53 AC-6"]
package sallyport.rules.scope.declared_scope

import data.sallyport.lib.patterns

in_scope if {
	some entry in input.subject.scope
	input.action.name in entry.actions
	patterns.covers_any(entry.resources, input.resource.id)
}

finding contains {"rule": "SCOPE-001", "effect": "allow", "code": "in_scope", "params": {}} if in_scope

finding contains {"rule": "SCOPE-001", "effect": "deny", "code": "out_of_scope", "params": {"action": action, "resource": resource}} if {
	not in_scope
	action := object.get(input, ["action", "name"], "")
	resource := object.get(input, ["resource", "id"], "")
}
