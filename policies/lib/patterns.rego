# METADATA
# scope: package
# title: Resource patterns
# description: >-
#   Segments are split at a slash; one star is exactly one segment, two stars as the last segment are one or more.
package sallyport.lib.patterns

# METADATA
# description: Whether one of the patterns covers the id
covers_any(patterns, id) if {
	some pattern in patterns
	covers(pattern, id)
}

covers(pattern, id) if {
	want := split(pattern, "/")
	have := split(id, "/")
	not "**" in want
	count(want) == count(have)
	every i, segment in want {
		same(segment, have[i])
	}
}

covers(pattern, id) if {
	endswith(pattern, "**")
	want := split(pattern, "/")
	have := split(id, "/")
	last := count(want) - 1
	want[last] == "**"
	fixed := array.slice(want, 0, last)
	not "**" in fixed
	count(have) > last
	every i, segment in fixed {
		same(segment, have[i])
	}
}

same(segment, value) if segment == value

same("*", _)
