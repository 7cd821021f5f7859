# METADATA
# scope: package
# title: Action names
# description: A list of exact names, or of families such as `db.*`, which stands for every name that begins with `db.`
package sallyport.lib.names

# METADATA
# description: Whether the name, or a family of it, is in the list
listed(list, name) if name in list

listed(list, name) if {
	some entry in list
	endswith(entry, ".*")
	startswith(name, trim_suffix(entry, "*"))
}
