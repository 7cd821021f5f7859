# METADATA
# scope: package
# title: The profile that was asked for is no wider than the action needs
# description: >-
#   An unknown, forbidden or all-purpose profile is refused; one that reaches over whole trees of resources needs the security group.
# schemas:
#   - input: schema.input
# custom:
#   rule: SCOPE-002
#   severity: high
#   controls: ["ASI03", "NHI5:2025", "NHI7:2025", "CSF PR.AA-05", "800-53 AC-6"]
#   confirmations:
#     - id: privilege
#       text: The privilege is needed as wide as it is
#       fact: context.profile
package sallyport.rules.scope.credential_width

import data.sallyport.lib.patterns

known if {
	is_string(input.context.profile.id)
	is_array(input.context.profile.actions)
	is_array(input.context.profile.resources)
}

finding contains denial("profile_unknown") if not known

finding contains denial("profile_forbidden") if input.action.access.profile in data.config.scope.forbidden_profiles

finding contains denial("profile_all_purpose") if {
	some action in input.context.profile.actions
	contains(action, "*")
}

# A profile of another environment is the business of XENV-001.
finding contains denial("profile_does_not_cover") if {
	known
	input.resource.environment in input.context.profile.environments
	not covering
}

covering if {
	input.action.name in input.context.profile.actions
	patterns.covers_any(input.context.profile.resources, input.resource.id)
}

finding contains {
	"rule": "SCOPE-002",
	"effect": "require_approval",
	"code": "profile_wide",
	"params": {"profile": object.get(input, ["action", "access", "profile"], "")},
	"obligations": {"approvals": [{
		"stage": 3,
		"group": data.config.scope.wide_group,
		"quorum": data.config.scope.wide_quorum,
		"confirmations": ["privilege"],
		"exclude": [],
	}]},
} if {
	some pattern in input.context.profile.resources
	startswith(pattern, "*")
}

denial(code) := {
	"rule": "SCOPE-002",
	"effect": "deny",
	"code": code,
	"params": {"profile": object.get(input, ["action", "access", "profile"], "")},
}
