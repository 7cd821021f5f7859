package sallyport.guard.gate_itself_test

import data.sallyport.guard.gate_itself

codes(name, type, id) := {f.code | some f in found} if {
	found := gate_itself.finding with input as {
		"subject": {"id": "a-1"},
		"action": {"name": name},
		"resource": {"type": type, "id": id},
	}
}

test_business_is_free if codes("payment.refund", "ledger", "l-1") == set()

test_gate_is_not if {
	codes("registry.put", "ledger", "l-1") == {"gate_action"}
	codes("payment.refund", "policy.bundle", "b") == {"gate_resource"}
	codes("agent.update", "agent", "a-1") == {"own_entry"}
	codes("agent.update", "agent", "a-2") == set()
}

test_unclear_target_is_refused if {
	"target_unclear" in codes(7, "ledger", "l-1")
	"target_unclear" in codes("payment.refund", null, "l-1")
	"target_unclear" in codes("payment.refund", "ledger", ["l-1"])
}
