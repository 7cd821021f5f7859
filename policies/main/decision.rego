# METADATA
# scope: package
# title: Decision
# description: >-
#   Folds the findings of all guards and rules into one decision: deny, then require_approval, then allow, else deny.
#   Obligations of several findings are merged, the strictest wins.
package sallyport.main

import data.sallyport.lib.approvals

# METADATA
# scope: document
# description: The only document that the policy service asks for
# entrypoint: true
decision := {
	"contract": "sallyport.decision/1",
	"decision": outcome,
	"findings": sort({plain(f) | some f in active}),
	"shadow": sort({plain(f) | some f in shadow}),
	"waived": sort({f.rule | some f in waived}),
	"obligations": {
		"approvals": approvals.merge([a | some f in blocking; some a in f.obligations.approvals]),
		"parallel": parallel,
		"veto": sort({g | some f in blocking; some g in f.obligations.veto}),
		"step_up": step_up,
		"approval_ttl_s": min({data.config.defaults.approval_ttl_s} | {t | some f in blocking; t := f.obligations.approval_ttl_s}),
		"credential": {
			"ttl_s": min({data.config.defaults.credential_ttl_s} | {t | some f in active; t := f.obligations.credential.ttl_s}),
			"max_uses": min({data.config.defaults.credential_max_uses} | {u | some f in active; u := f.obligations.credential.max_uses}),
		},
		"offer_ttl_s": data.config.defaults.offer_ttl_s,
		"post_review": sort({r | some f in effective; some r in f.obligations.post_review}),
		"notify": sort({n | some f in effective; some n in f.obligations.notify}),
	},
}

# One finding that asks for it is enough, for every vote.
default step_up := false

step_up if {
	some f in blocking
	f.obligations.step_up == true
}

# One finding that wants an order is enough.
default parallel := false

parallel if {
	some f in blocking
	not in_order
}

in_order if {
	some f in blocking
	not f.obligations.parallel == true
}

plain(f) := object.filter(f, ["rule", "effect", "code", "params"])

guards contains f if {
	some name
	some f in data.sallyport.guard[name].finding
}

rules contains f if {
	some domain, name
	some f in data.sallyport.rules[domain][name].finding
}

off contains f if {
	some f in rules
	data.config.rules[f.rule].mode == "off"
}

shadow contains f if {
	some f in rules
	data.config.rules[f.rule].mode == "shadow"
}

active := ((rules - off) - shadow) | guards

# A guard is not waivable, whatever an emergency finding names.
waived contains f if {
	some f in (active - guards)
	f.effect == "require_approval"
	f.emergency == "waivable"
	some e in active
	e.effect == "emergency"
	f.rule in e.waives
}

blocking contains f if {
	some f in active
	f.effect == "require_approval"
	not f in waived
}

denied if {
	some f in active
	f.effect == "deny"
}

permitted if {
	some f in active
	f.effect == "allow"
}

default outcome := "deny"

outcome := "require_approval" if {
	permitted
	not denied
	count(blocking) > 0
}

outcome := "allow" if {
	permitted
	not denied
	count(blocking) == 0
}

# An emergency that released nothing owes no review and tells nobody.
effective contains f if {
	some f in active
	f.effect != "emergency"
}

effective contains f if {
	some f in active
	f.effect == "emergency"
	outcome == "allow"
	count(waived) > 0
}
