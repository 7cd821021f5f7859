# METADATA
# scope: package
# title: Data leaves the house only to an approved supplier and with a person's yes
# description: >-
#   The supplier is approved, has a data processing agreement and sits in an allowed country; nothing restricted leaves, and a
#   secret field only with an entitlement. Each requested field is judged by the resource's registered fields.
# schemas:
#   - input: schema.input
# custom:
#   rule: DATA-001
#   severity: high
#   controls: ["ASI02", "ASI03", "CSF PR.DS-02", "CSF GV.SC-05", "800-53 AC-21"]
#   confirmations:
#     - id: secrets
#       text: No field that is a secret leaves without need
#       fact: context.sharing
#     - id: entitlements
#       text: The supplier is entitled to each of these fields
#       fact: context.sharing
#     - id: third_party
#       text: This supplier may have this data
#       fact: context.counterparty
package sallyport.rules.data.external_sharing

import data.sallyport.lib.names

applies if names.listed(data.config.data.actions, input.action.name)

supplier_known if input.context.counterparty.registered == true

supplier_approved if input.context.counterparty.approved == true

has_agreement if input.context.counterparty.dpa == true

country_allowed if input.context.counterparty.country in data.config.data.countries

class_allowed if input.resource.classification in data.config.data.classifications

fields_named if {
	is_array(input.action.properties.fields)
	count(input.action.properties.fields) > 0
}

field_known(name) if {
	some field in input.context.sharing.fields
	field.name == name
	field.known == true
}

field_class_allowed(name) if {
	some field in input.context.sharing.fields
	field.name == name
	field.classification in data.config.data.classifications
}

field_entitled(name) if {
	some field in input.context.sharing.fields
	field.name == name
	field.secret == false
}

field_entitled(name) if {
	some field in input.context.sharing.fields
	field.name == name
	field.entitled == true
}

few_rows if {
	is_array(input.action.properties.rows)
	count(input.action.properties.rows) <= data.config.data.bulk_rows
}

quorum := data.config.data.quorum if few_rows

quorum := data.config.data.bulk_quorum if not few_rows

finding contains denial("supplier_unknown", {}) if {
	applies
	not supplier_known
}

finding contains denial("supplier_not_approved", {}) if {
	applies
	supplier_known
	not supplier_approved
}

finding contains denial("agreement_missing", {}) if {
	applies
	supplier_known
	not has_agreement
}

finding contains denial("country_not_allowed", {"country": object.get(input, ["context", "counterparty", "country"], "")}) if {
	applies
	supplier_known
	not country_allowed
}

finding contains denial("class_not_allowed", {"classification": object.get(input, ["resource", "classification"], "")}) if {
	applies
	not class_allowed
}

finding contains denial("fields_missing", {}) if {
	applies
	not fields_named
}

finding contains denial("field_unknown", {"field": name}) if {
	applies
	some name in input.action.properties.fields
	not field_known(name)
}

finding contains denial("field_class_not_allowed", {"field": name}) if {
	applies
	some name in input.action.properties.fields
	field_known(name)
	not field_class_allowed(name)
}

finding contains denial("secret_not_entitled", {"field": name}) if {
	applies
	some name in input.action.properties.fields
	field_known(name)
	not field_entitled(name)
}

finding contains {
	"rule": "DATA-001",
	"effect": "require_approval",
	"code": "external_sharing",
	"params": {},
	"obligations": {
		"approvals": [{
			"stage": 1,
			"group": data.config.data.group,
			"quorum": quorum,
			"confirmations": ["secrets", "entitlements", "third_party"],
			"exclude": [],
		}],
		"credential": {"ttl_s": data.config.data.credential_ttl_s, "max_uses": 1},
	},
} if {
	applies
}

denial(code, params) := {"rule": "DATA-001", "effect": "deny", "code": code, "params": params}
