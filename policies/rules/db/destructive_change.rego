# METADATA
# scope: package
# title: A statement that destroys is decided twice
# description: >-
#   DROP, TRUNCATE, an unbounded UPDATE or DELETE, and whatever does not parse or is not known to be harmless: first the
#   database administrators, then the owners of the data. No emergency waives it.
# schemas:
#   - input: schema.input
# custom:
#   rule: DB-002
#   severity: critical
#   controls: ["ASI02", "ASI08", "CSF PR.DS-01", "800-53 CM-4", "800-53 AC-3(2)"]
#   confirmations:
#     - id: data_loss
#       text: The data that this statement removes may go
#       fact: context.statement
package sallyport.rules.db.destructive_change

import data.sallyport.lib.names

applies if {
	names.listed(data.config.db.actions, input.action.name)
	not free
	not harmless
}

free if input.resource.environment in data.config.db.destructive_free_environments

harmless if input.context.statement.destructive == false

finding contains {
	"rule": "DB-002",
	"effect": "require_approval",
	"code": "destructive_statement",
	"params": {"kinds": object.get(input, ["context", "statement", "kinds"], [])},
	"obligations": {
		"approvals": [
			{
				"stage": 1,
				"group": data.config.db.group,
				"quorum": data.config.db.quorum_in_window,
				"confirmations": ["data_loss"],
				"exclude": [],
			},
			{
				"stage": 2,
				"group": data.config.db.data_group,
				"quorum": data.config.db.data_quorum,
				"confirmations": ["data_loss"],
				"exclude": [],
			},
		],
		"credential": {"ttl_s": data.config.db.credential_ttl_s, "max_uses": 1},
	},
} if {
	applies
}
