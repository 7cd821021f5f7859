package sallyport.main_test

import data.sallyport.main

test_nothing_is_denied if {
	decided := main.decision with input as {}
	decided.decision == "deny"
}

config := object.union(data.config, {"rules": {"X-001": {"mode": "shadow"}, "X-002": {"mode": "off"}}})

found(rule, effect) := {"rule": rule, "effect": effect, "code": "c", "params": {}}

asks(rule) := object.union(found(rule, "require_approval"), {"obligations": {"approvals": [{"stage": 1, "group": "g", "quorum": 1, "confirmations": [], "exclude": []}]}})

decide(findings, guarded) := decided if {
	decided := main.decision with data.config as config
		with data.sallyport.rules as {"d": {"n": {"finding": findings}}}
		with data.sallyport.guard as {"n": {"finding": guarded}}
}

test_deny_over_approval_over_allow if {
	decide({found("A-001", "allow")}, set()).decision == "allow"
	decide({found("A-001", "allow"), asks("A-002")}, set()).decision == "require_approval"
	decide({found("A-001", "allow"), asks("A-002"), found("A-003", "deny")}, set()).decision == "deny"
	decide({found("A-001", "allow")}, {found("G-001", "deny")}).decision == "deny"
}

test_without_allow_nothing_happens if {
	decide(set(), set()).decision == "deny"
	decide({asks("A-002")}, set()).decision == "deny"
	decide({found("E-001", "emergency")}, set()).decision == "deny"
}

test_shadow_and_off_change_nothing if {
	decided := decide({found("A-001", "allow"), found("X-001", "deny"), found("X-002", "deny")}, set())
	decided.decision == "allow"
	decided.shadow == [found("X-001", "deny")]
	decided.findings == [found("A-001", "allow")]
}

test_guard_has_no_mode if {
	decide({found("A-001", "allow")}, {found("X-001", "deny")}).decision == "deny"
	decide({found("A-001", "allow")}, {found("X-002", "deny")}).decision == "deny"
}

emergency := object.union(found("E-001", "emergency"), {"waives": ["A-002", "G-001"], "obligations": {"notify": ["soc"], "post_review": [{"rule": "E-001", "group": "soc", "due_s": 1}]}})

waivable(rule) := object.union(asks(rule), {"emergency": "waivable"})

test_emergency_waives_what_is_waivable if {
	decided := decide({found("A-001", "allow"), waivable("A-002"), emergency}, set())
	decided.decision == "allow"
	decided.waived == ["A-002"]
	count(decided.obligations.post_review) == 1
	decided.obligations.notify == ["soc"]
}

test_emergency_waives_no_guard_and_nothing_else if {
	decide({found("A-001", "allow"), emergency}, {waivable("G-001")}).decision == "require_approval"
	decide({found("A-001", "allow"), emergency, asks("A-002")}, set()).decision == "require_approval"
	decide({found("A-001", "allow"), emergency, waivable("A-003")}, set()).decision == "require_approval"
}

test_finding_that_is_not_waivable_stays_beside_one_that_is if {
	decided := decide({found("A-001", "allow"), emergency, waivable("A-002"), asks("A-002")}, set())
	decided.decision == "require_approval"
}

test_whom_a_rule_names_is_told if {
	telling := object.union(asks("A-002"), {"obligations": {"notify": ["owners"]}})
	decide({found("A-001", "allow"), telling}, set()).obligations.notify == ["owners"]
}

test_every_veto_that_a_rule_names_stands if {
	first := object.union(asks("A-002"), {"obligations": {"veto": ["soc-lead"]}})
	second := object.union(asks("A-003"), {"obligations": {"veto": ["legal", "soc-lead"]}})
	decide({found("A-001", "allow"), first, second}, set()).obligations.veto == ["legal", "soc-lead"]
	decide({found("A-001", "allow"), asks("A-002")}, set()).obligations.veto == []
}

test_shortest_lifetimes_win if {
	short := object.union(asks("A-002"), {"obligations": {"approval_ttl_s": 7, "credential": {"ttl_s": 5, "max_uses": 1}}})
	decided := decide({found("A-001", "allow"), asks("A-003"), short}, set())
	decided.obligations.approval_ttl_s == 7
	decided.obligations.credential == {"ttl_s": 5, "max_uses": 1}
}

test_a_step_up_that_any_rule_asks_for_stands if {
	stepped := object.union(asks("A-003"), {"obligations": {"step_up": true}})
	decide({found("A-001", "allow"), asks("A-002"), stepped}, set()).obligations.step_up == true
	decide({found("A-001", "allow"), asks("A-002")}, set()).obligations.step_up == false
	decide({found("A-001", "allow"), object.union(asks("A-002"), {"obligations": {"step_up": "yes"}})}, set()).obligations.step_up == false
}

at_once(rule) := object.union(asks(rule), {"obligations": {"parallel": true}})

test_all_at_once_only_where_no_rule_wants_an_order if {
	decide({found("A-001", "allow"), at_once("A-002"), at_once("A-003")}, set()).obligations.parallel == true
	decide({found("A-001", "allow"), at_once("A-002"), asks("A-003")}, set()).obligations.parallel == false
	decide({found("A-001", "allow"), object.union(asks("A-002"), {"obligations": {"parallel": "yes"}})}, set()).obligations.parallel == false
	decide({found("A-001", "allow")}, set()).obligations.parallel == false
}
