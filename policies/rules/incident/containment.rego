# METADATA
# scope: package
# title: Containment is decided by the lead of the security operations centre
# description: >-
#   Quarantine and revocation can stop a business as well as an attack. When the lead does not decide in time, the next group may as
#   well. The requirement may be waived by a documented emergency rule; the blast radius and a claimed incident that is not the declared one may not.
# schemas:
#   - input: schema.input
# custom:
#   rule: IR-001
#   severity: high
#   controls: ["ASI02", "ASI08", "CSF RS.MI-01", "800-53 IR-4"]
#   confirmations:
#     - id: target
#       text: The target is what must be contained
#       fact: context.incidents
#       claim: incident
package sallyport.rules.incident.containment

import data.sallyport.lib.names

applies if names.listed(data.config.incident.actions, input.action.name)

targets := input.action.properties.targets if is_array(input.action.properties.targets)

# Without a list the resource alone is the target.
targets := [input.resource.id] if not "targets" in object.keys(input.action.properties)

radius_small if count(targets) <= data.config.incident.max_targets

claims_incident if "incident" in object.keys(input.claims)

incident_agrees if {
	some incident in input.context.incidents
	incident.id == input.claims.incident
}

# Containment does not wait for a lead who is asleep.
escalation := {"escalate": data.config.incident.escalate} if data.config.incident.escalate

escalation := {} if not data.config.incident.escalate

finding contains {"rule": "IR-001", "effect": "deny", "code": "blast_radius", "params": {"max_targets": data.config.incident.max_targets}} if {
	applies
	not radius_small
}

finding contains {"rule": "IR-001", "effect": "deny", "code": "claim_contradicts_fact", "params": {"claim": "incident", "facts": facts}} if {
	applies
	claims_incident
	not incident_agrees
	facts := sort({incident.id | some incident in input.context.incidents})
}

finding contains {
	"rule": "IR-001",
	"effect": "require_approval",
	"code": "containment",
	"params": {},
	"emergency": "waivable",
	"obligations": {
		"approvals": [object.union(
			{
				"stage": 1,
				"group": data.config.incident.group,
				"quorum": data.config.incident.quorum,
				"confirmations": ["target"],
				"exclude": [],
			},
			escalation,
		)],
		"credential": {"ttl_s": data.config.incident.credential_ttl_s, "max_uses": 1},
	},
} if {
	applies
}
