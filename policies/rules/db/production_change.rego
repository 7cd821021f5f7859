# METADATA
# scope: package
# title: A database change where it matters is decided by database administrators
# description: >-
#   One inside the maintenance window of the resource, two outside, where further groups may say no. Without a rollback plan there is nothing to decide, and a
#   claimed window that is not the open one is a contradiction. The open window is a fact of the resource and the database clock.
# schemas:
#   - input: schema.input
# custom:
#   rule: DB-001
#   severity: high
#   controls: ["ASI02", "CSF ID.RA-07", "800-53 CM-3", "800-53 CM-5"]
#   confirmations:
#     - id: scope
#       text: The statement does what was asked for, and nothing more
#       fact: context.statement
#       claim: justification
#     - id: rollback_plan
#       text: The rollback plan would undo exactly this statement
#       fact: context.statement
#       claim: change.rollback_plan
#     - id: window
#       text: The moment is right for this change
#       fact: context.window
#       claim: change.window_id
package sallyport.rules.db.production_change

import data.sallyport.lib.names

applies if {
	names.listed(data.config.db.actions, input.action.name)
	not free
}

free if input.resource.environment in data.config.db.free_environments

has_rollback_plan if count(trim_space(input.claims.change.rollback_plan)) > 0

in_window if input.context.window.open == true

claims_window if "window_id" in object.keys(input.claims.change)

window_agrees if {
	in_window
	input.claims.change.window_id == input.context.window.id
}

quorum := data.config.db.quorum_in_window if in_window

quorum := data.config.db.quorum_outside if not in_window

veto := [] if in_window

veto := data.config.db.veto_outside if not in_window

code := "change_in_window" if in_window

code := "change_outside_window" if not in_window

finding contains {"rule": "DB-001", "effect": "deny", "code": "rollback_plan_missing", "params": {}} if {
	applies
	not has_rollback_plan
}

finding contains {"rule": "DB-001", "effect": "deny", "code": "claim_contradicts_fact", "params": {"claim": "change.window_id", "fact": fact}} if {
	applies
	claims_window
	not window_agrees
	fact := object.get(input, ["context", "window", "id"], "none open")
}

finding contains {
	"rule": "DB-001",
	"effect": "require_approval",
	"code": code,
	"params": {"environment": object.get(input, ["resource", "environment"], "")},
	"obligations": {
		"approvals": [{
			"stage": 1,
			"group": data.config.db.group,
			"quorum": quorum,
			"confirmations": ["scope", "rollback_plan", "window"],
			"exclude": [],
		}],
		"veto": veto,
		"credential": {"ttl_s": data.config.db.credential_ttl_s, "max_uses": 1},
	},
} if {
	applies
}
