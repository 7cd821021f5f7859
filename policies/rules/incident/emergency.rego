# METADATA
# scope: package
# title: During a declared incident containment need not wait for a person
# description: >-
#   Only for an incident that a person of the security operations centre declared, severe enough, not ended, with this action on
#   this resource in its playbook, and not declared by somebody of the agent's own chain. Short, told at once, and reviewed
#   afterwards: while a review of this rule is open it does not fire.
# schemas:
#   - input: schema.input
# custom:
#   rule: EMERG-001
#   severity: critical
#   controls: ["ASI10", "CSF RS.MA-01", "CSF RS.AN-06", "800-53 AC-3(10)"]
package sallyport.rules.incident.emergency

import data.sallyport.lib.names

reviews_known if is_array(input.context.open_reviews)

# The incident covers the resource; a list of further targets would reach beyond it.
single_target if not "targets" in object.keys(input.action.properties)

single_target if input.action.properties.targets == [input.resource.id]

qualifying contains incident.id if {
	some incident in input.context.incidents
	incident.severity in data.config.emergency.severities
	incident.human == true
	incident.in_chain == false
}

finding contains {
	"rule": "EMERG-001",
	"effect": "emergency",
	"code": "declared_incident",
	"params": {"incident": incident},
	"waives": data.config.emergency.waives,
	"obligations": {
		"credential": {"ttl_s": data.config.emergency.credential_ttl_s, "max_uses": 1},
		"post_review": [{
			"rule": "EMERG-001",
			"group": data.config.emergency.review_group,
			"due_s": data.config.emergency.review_due_s,
			"incident": incident,
		}],
		"notify": data.config.emergency.notify,
	},
} if {
	names.listed(data.config.incident.actions, input.action.name)
	reviews_known
	single_target
	not "EMERG-001" in input.context.open_reviews
	count(qualifying) > 0
	incident := min(qualifying)
}
