package sallyport.rules.db.destructive_change_test

import data.sallyport.rules.db.destructive_change

config := {"db": {"actions": ["db.*"], "group": "dba", "quorum_in_window": 1, "credential_ttl_s": 600, "destructive_free_environments": ["development"], "data_group": "security", "data_quorum": 1}}

groups(environment, context) := {a.group | some f in found; some a in f.obligations.approvals} if {
	found := destructive_change.finding with data.config as config
		with input as {"action": {"name": "db.data.delete"}, "resource": {"environment": environment}, "context": context}
}

test_destruction_is_decided_twice if groups("production", {"statement": {"destructive": true, "kinds": ["drop_table"]}}) == {"dba", "security"}

test_harmless_is_not_its_business if groups("production", {"statement": {"destructive": false}}) == set()

test_unknown_is_destructive if {
	groups("production", {}) == {"dba", "security"}
	groups("production", {"statement": {"destructive": "no"}}) == {"dba", "security"}
}

test_development_is_free if groups("development", {}) == set()
