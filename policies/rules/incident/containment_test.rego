package sallyport.rules.incident.containment_test

import data.sallyport.rules.incident.containment

config := {"incident": {"actions": ["workload.quarantine"], "group": "soc-lead", "quorum": 1, "max_targets": 2, "credential_ttl_s": 600}}

base := {
	"action": {"name": "workload.quarantine", "properties": {}},
	"resource": {"id": "w-1"},
	"claims": {},
	"context": {"incidents": [{"id": "INC-1"}]},
}

codes(patch) := {f.code | some f in found} if {
	found := containment.finding with data.config as config with input as object.union(base, patch)
}

test_lead_is_asked if codes({}) == {"containment"}

test_blast_radius if {
	codes({"action": {"properties": {"targets": ["a", "b"]}}}) == {"containment"}
	codes({"action": {"properties": {"targets": ["a", "b", "c"]}}}) == {"containment", "blast_radius"}
	codes({"action": {"properties": {"targets": "all"}}}) == {"containment", "blast_radius"}
}

test_claimed_incident_must_be_declared if {
	codes({"claims": {"incident": "INC-1"}}) == {"containment"}
	codes({"claims": {"incident": "INC-2"}}) == {"containment", "claim_contradicts_fact"}
}

escalations(config_here) := {a.escalate.to | some f in found; some a in f.obligations.approvals} if {
	found := containment.finding with data.config as config_here with input as base
}

test_next_group_where_the_config_names_one if {
	escalations(config) == set()
	escalations({"incident": object.union(config.incident, {"escalate": {"after_s": 900, "to": "officers"}})}) == {"officers"}
	count(containment.finding) == 1 with data.config as config with input as base
}
