# METADATA
# scope: package
# title: Approvals
# description: Merges what several findings ask of people; the strictest wins
package sallyport.lib.approvals

# METADATA
# description: >-
#   One entry per stage and group, in that order: the largest quorum, the largest limit, all confirmations, all exclusions. Whatever the
#   order or number of the requirements, the result is the same.
merge(wanted) := [merged |
	some key in sort({[a.stage, a.group] | some a in wanted})
	same := [a | some a in wanted; a.stage == key[0]; a.group == key[1]]
	merged := object.union(
		{
			"stage": key[0],
			"group": key[1],
			"quorum": max([a.quorum | some a in same]),
			"confirmations": sort({c | some a in same; some c in a.confirmations}),
			"exclude": sort({e | some a in same; some e in a.exclude}),
		},
		largest_limit([a.min_limit | some a in same]),
	)
]

# All limits of one action are in the currency of that action.
largest_limit(limits) := {"min_limit": {"amount_minor": max([l.amount_minor | some l in limits]), "currency": limits[0].currency}} if {
	count(limits) > 0
}

largest_limit([]) := {}
