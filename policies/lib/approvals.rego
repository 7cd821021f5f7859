# METADATA
# scope: package
# title: Approvals
# description: Merges what several findings ask of people; the strictest wins
package sallyport.lib.approvals

# METADATA
# description: >-
#   One entry per stage and people, in that order: the largest quorum, the largest limit, the shortest time, all confirmations, all exclusions.
#   Whatever the order or number of the requirements, the result is the same.
merge(wanted) := [merged |
	some key in sort({key_of(a) | some a in wanted})
	same := [a | some a in wanted; key_of(a) == key]
	merged := object.union(
		object.union(
			{
				"stage": key[0],
				"quorum": max([a.quorum | some a in same]),
				"confirmations": sort({c | some a in same; some c in a.confirmations}),
				"exclude": sort({e | some a in same; some e in a.exclude}),
			},
			object.union(object.filter(same[0], ["group"]), from_of(key[2])),
		),
		object.union(
			largest_limit([a.min_limit | some a in same]),
			object.union(shortest_time([a.deadline_s | some a in same]), escalation(same)),
		),
	)
]

key_of(a) := [a.stage, object.get(a, "group", ""), sort({s | some s in a.from})] if "from" in object.keys(a)

key_of(a) := [a.stage, object.get(a, "group", ""), []] if not "from" in object.keys(a)

from_of(sources) := {"from": sources} if count(sources) > 0

from_of([]) := {}

# All limits of one action are in the currency of that action.
largest_limit(limits) := {"min_limit": {"amount_minor": max([l.amount_minor | some l in limits]), "currency": limits[0].currency}} if {
	count(limits) > 0
}

largest_limit([]) := {}

shortest_time(times) := {"deadline_s": min(times)} if count(times) > 0

shortest_time([]) := {}

# Others may decide besides only where every rule says so, the same ones, and after the longest silence.
escalation(same) := {"escalate": {"after_s": max([a.escalate.after_s | some a in same]), "to": same[0].escalate.to}} if {
	agreed(same)
}

escalation(same) := {} if not agreed(same)

agreed(same) if {
	groups := {object.get(a, ["escalate", "to"], "") | some a in same}
	count(groups) == 1
	not "" in groups
}
