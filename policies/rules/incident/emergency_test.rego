package sallyport.rules.incident.emergency_test

import data.sallyport.rules.incident.emergency

config := {
	"incident": {"actions": ["workload.quarantine"]},
	"emergency": {"waives": ["IR-001"], "severities": ["sev1"], "credential_ttl_s": 300, "review_group": "soc-lead", "review_due_s": 60, "notify": ["soc-lead"]},
}

incident := {"id": "INC-1", "severity": "sev1", "human": true, "in_chain": false}

base := {
	"action": {"name": "workload.quarantine", "properties": {}},
	"resource": {"id": "w-1"},
	"context": {"incidents": [incident], "open_reviews": []},
}

fires(patch) if {
	some f in emergency.finding with data.config as config with input as object.union(base, patch)
	f.effect == "emergency"
}

declared(patch) := {"context": {"incidents": [object.union(incident, patch)]}}

test_fires_for_a_declared_incident if fires({})

test_not_for_anything_less if {
	not fires(declared({"severity": "sev2"}))
	not fires(declared({"human": false}))
	not fires(declared({"in_chain": true}))
	not fires({"context": {"incidents": []}})
	not fires({"action": {"name": "payment.refund"}})
	not fires({"action": {"properties": {"targets": ["w-1", "w-2"]}}})
}

test_not_while_its_review_is_open if {
	not fires({"context": {"open_reviews": ["EMERG-001"]}})
	fires({"context": {"open_reviews": ["OTHER-001"]}})
}

test_a_claim_changes_nothing if {
	fires({"claims": {"incident": "INC-9"}})
	not fires({"claims": {"incident": "INC-1"}, "context": {"incidents": []}})
}
