package sallyport.rules.db.production_change_test

import data.sallyport.rules.db.production_change

config := {"db": {"actions": ["db.*"], "group": "dba", "quorum_in_window": 1, "quorum_outside": 2, "veto_outside": ["soc-lead"], "credential_ttl_s": 600, "free_environments": ["staging"]}}

base := {
	"action": {"name": "db.schema.migrate"},
	"resource": {"environment": "production"},
	"claims": {"change": {"rollback_plan": "DROP COLUMN note"}},
	"context": {"window": {"open": true, "id": "w-1"}},
}

findings(patch) := found if {
	found := production_change.finding with data.config as config with input as object.union(base, patch)
}

quorums(patch) := {a.quorum | some f in findings(patch); some a in f.obligations.approvals}

denials(patch) := {f.code | some f in findings(patch); f.effect == "deny"}

test_one_inside_two_outside if {
	quorums({}) == {1}
	quorums({"context": {"window": {"open": false}}}) == {2}
}

vetoes(patch) := {g | some f in findings(patch); some g in f.obligations.veto}

test_a_veto_outside_only if {
	vetoes({}) == set()
	vetoes({"context": {"window": {"open": false}}}) == {"soc-lead"}
}

test_rollback_plan_is_needed if {
	denials({}) == set()
	denials({"claims": {"change": {"rollback_plan": " "}}}) == {"rollback_plan_missing"}
	denials({"claims": {"change": {"rollback_plan": null}}}) == {"rollback_plan_missing"}
}

test_claimed_window_must_be_the_open_one if {
	denials({"claims": {"change": {"window_id": "w-1"}}}) == set()
	denials({"claims": {"change": {"window_id": "w-2"}}}) == {"claim_contradicts_fact"}
	denials({"claims": {"change": {"window_id": "w-1"}}, "context": {"window": {"open": false}}}) == {"claim_contradicts_fact"}
}

test_free_environment if findings({"resource": {"environment": "staging"}}) == set()
