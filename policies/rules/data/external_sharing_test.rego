package sallyport.rules.data.external_sharing_test

import data.sallyport.rules.data.external_sharing

config := {"data": {"actions": ["data.share"], "group": "security", "quorum": 1, "bulk_rows": 2, "bulk_quorum": 2, "classifications": ["internal"], "countries": ["DE"], "credential_ttl_s": 600}}

base := {
	"action": {"name": "data.share", "properties": {"fields": ["city"], "rows": ["r-1"]}},
	"resource": {"classification": "internal"},
	"context": {
		"counterparty": {"registered": true, "approved": true, "dpa": true, "country": "DE"},
		"sharing": {"fields": [{"name": "city", "known": true, "classification": "internal", "secret": false, "entitled": false}]},
	},
}

findings(patch) := found if {
	found := external_sharing.finding with data.config as config with input as object.union(base, patch)
}

denials(patch) := {f.code | some f in findings(patch); f.effect == "deny"}

field(patch) := {"context": {"sharing": {"fields": [object.union(base.context.sharing.fields[0], patch)]}}}

test_security_is_asked if {
	some f in findings({})
	f.effect == "require_approval"
	f.obligations.approvals[0].confirmations == ["secrets", "entitlements", "third_party"]
}

test_supplier if {
	denials({}) == set()
	denials({"context": {"counterparty": {"approved": false}}}) == {"supplier_not_approved"}
	denials({"context": {"counterparty": {"dpa": false}}}) == {"agreement_missing"}
	denials({"context": {"counterparty": {"country": "US"}}}) == {"country_not_allowed"}
	denials({"context": {"counterparty": {"registered": false}}}) == {"supplier_unknown"}
}

test_fields if {
	denials(field({"secret": true})) == {"secret_not_entitled"}
	denials(field({"secret": true, "entitled": true})) == set()
	denials(field({"classification": "restricted"})) == {"field_class_not_allowed"}
	denials(field({"name": "other"})) == {"field_unknown"}
	denials({"resource": {"classification": "restricted"}}) == {"class_not_allowed"}
}

test_many_rows_need_two if {
	some f in findings({"action": {"properties": {"rows": ["a", "b", "c"]}}})
	f.obligations.approvals[0].quorum == 2
}
