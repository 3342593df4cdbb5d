public import Model

/// Endpoints about groups, roles and who has which. The audit's rows are written with the change itself.
public enum RoleCalls {
  public static let groups = Endpoint<Nothing, Page<GroupItem>>(
    .get, "/groups", .needs("users", "read"), "Groups and their members.")
  public static let createGroup = Endpoint<GroupRequest, GroupItem>(
    .post, "/groups", .needs("users", "create"), "Makes a group.", success: [201], audit: .nothing)
  public static let deleteGroup = Endpoint<IDPath, Nothing>(
    .delete, "/groups/{id}", .needs("users", "delete"), "Removes a group and its roles.", audit: .nothing)
  public static let changeGroup = Endpoint<MembersRequest, GroupItem>(
    .patch, "/groups/{id}", .needs("users", "update"), "Adds and takes away members.", audit: .nothing)
  public static let roles = Endpoint<Nothing, Page<RoleItem>>(
    .get, "/roles", .needs("users", "read"), "The three built-in roles, and those of this installation.")
  public static let putRole = Endpoint<RoleRequest, RoleItem>(
    .put, "/roles/{name}", .needs("users", "update"), "Makes or changes a role.", audit: .nothing)
  public static let deleteRole = Endpoint<NameOnly, Nothing>(
    .delete, "/roles/{name}", .needs("users", "delete"), "Removes a role that nobody has.", audit: .nothing)
  public static let bindings = Endpoint<Nothing, Page<BindingItem>>(
    .get, "/role-bindings", .needs("users", "read"), "Who has which role, and where.")
  public static let bind = Endpoint<BindingRequest, BindingItem>(
    .post, "/role-bindings", .needs("users", "update"),
    "Gives a role in a namespace, or in all. Nobody gives what they do not have.", audit: .nothing)
  public static let unbind = Endpoint<BindingRequest, Nothing>(
    .post, "/role-bindings:remove", .needs("users", "update"), "Takes a role away.", audit: .nothing)
}

public struct GroupItem: Wire, Hashable {
  public var id: String
  public var name: String
  /// Names of accounts, sorted.
  public var members: [String]

  public init(id: String, name: String, members: [String]) {
    (self.id, self.name, self.members) = (id, name, members)
  }

  public init(_ json: JSON) throws(WireError) {
    let fields = try Fields(json, Self.schema)
    (id, name) = (try fields.text("id"), try fields.text("name"))
    members = try fields.texts("members")
  }

  public var json: JSON {
    API.members(["id": id.wire, "name": name.wire, "members": .array(members.map(\.wire))])
  }

  public static let schema = Schema.object(
    [.init("id", .text), .init("name", .text), .init("members", .list(of: .text))], name: "Group")
}

public struct GroupRequest: Wire {
  public var name: String
  public init(name: String) { self.name = name }
  public init(_ json: JSON) throws(WireError) { name = try Fields(json, Self.schema).text("name") }
  public var json: JSON { members(["name": name.wire]) }
  public static let schema = Schema.request([.init("name", .text)], name: "NewGroup")
}

public struct MembersRequest: Wire {
  /// Of the group, or its name.
  public var id: String
  /// Ids or names of accounts.
  public var add: [String]
  public var remove: [String]

  public init(id: String, add: [String] = [], remove: [String] = []) {
    (self.id, self.add, self.remove) = (id, add, remove)
  }

  public init(_ json: JSON) throws(WireError) {
    let fields = try Fields(json, Self.schema)
    (id, add, remove) = (try fields.text("id"), try fields.texts("add"), try fields.texts("remove"))
  }

  public var json: JSON {
    members(["id": id.wire, "add": .array(add.map(\.wire)), "remove": .array(remove.map(\.wire))])
  }

  public static let schema = Schema.request(
    [
      .init("id", .text), .init("add", .list(of: .text), required: false),
      .init("remove", .list(of: .text), required: false),
    ], name: "Members")
}

public struct RoleItem: Wire, Hashable {
  public var name: String
  public var permissions: [String]
  public var isBuiltIn: Bool

  public init(name: String, permissions: [String], isBuiltIn: Bool) {
    (self.name, self.permissions, self.isBuiltIn) = (name, permissions, isBuiltIn)
  }

  public init(_ json: JSON) throws(WireError) {
    let fields = try Fields(json, Self.schema)
    (name, permissions) = (try fields.text("name"), try fields.texts("permissions"))
    isBuiltIn = try fields.flag("builtin")
  }

  public var json: JSON {
    members([
      "name": name.wire, "permissions": .array(permissions.map(\.wire)), "builtin": .bool(isBuiltIn),
    ])
  }

  public static let schema = Schema.object(
    [.init("name", .text), .init("permissions", .list(of: .text)), .init("builtin", .flag)], name: "Role")
}

public struct RoleRequest: Wire {
  public var name: String
  public var permissions: [String]

  public init(name: String, permissions: [String]) { (self.name, self.permissions) = (name, permissions) }

  public init(_ json: JSON) throws(WireError) {
    let fields = try Fields(json, Self.schema)
    (name, permissions) = (try fields.text("name"), try fields.texts("permissions"))
  }

  public var json: JSON { members(["name": name.wire, "permissions": .array(permissions.map(\.wire))]) }

  public static let schema = Schema.request(
    [.init("name", .text), .init("permissions", .list(of: .text))], name: "RoleChange")
}

public struct BindingItem: Wire, Hashable {
  /// `user` or `group`.
  public var subjectKind: String
  public var subject: String
  public var role: String
  /// `*`: in all.
  public var namespace: String
  public var grantedBy: String
  public var grantedAt: Timestamp

  public init(
    subjectKind: String, subject: String, role: String, namespace: String, grantedBy: String,
    grantedAt: Timestamp
  ) {
    (self.subjectKind, self.subject, self.role) = (subjectKind, subject, role)
    (self.namespace, self.grantedBy, self.grantedAt) = (namespace, grantedBy, grantedAt)
  }

  public init(_ json: JSON) throws(WireError) {
    let fields = try Fields(json, Self.schema)
    (subjectKind, subject) = (try fields.text("subject_kind"), try fields.text("subject"))
    (role, namespace) = (try fields.text("role"), try fields.text("namespace"))
    grantedBy = try fields.text("granted_by")
    grantedAt = try fields.time("granted_at")
  }

  public var json: JSON {
    members([
      "subject_kind": subjectKind.wire, "subject": subject.wire, "role": role.wire,
      "namespace": namespace.wire, "granted_by": grantedBy.wire, "granted_at": grantedAt.wire,
    ])
  }

  public static let schema = Schema.object(
    [
      .init("subject_kind", .words(["user", "group"])), .init("subject", .text), .init("role", .text),
      .init("namespace", .text), .init("granted_by", .text), .init("granted_at", .time),
    ], name: "RoleBinding")
}

public struct BindingRequest: Wire {
  public var subjectKind: String
  /// Name or id.
  public var subject: String
  public var role: String
  public var namespace: String

  public init(subjectKind: String = "user", subject: String, role: String, namespace: String = "*") {
    (self.subjectKind, self.subject) = (subjectKind, subject)
    (self.role, self.namespace) = (role, namespace)
  }

  public init(_ json: JSON) throws(WireError) {
    let fields = try Fields(json, Self.schema)
    subjectKind = try fields.optionalText("subject_kind") ?? "user"
    (subject, role) = (try fields.text("subject"), try fields.text("role"))
    namespace = try fields.text("namespace")
  }

  public var json: JSON {
    members([
      "subject_kind": subjectKind.wire, "subject": subject.wire, "role": role.wire,
      "namespace": namespace.wire,
    ])
  }

  public static let schema = Schema.request(
    [
      .init("subject_kind", .words(["user", "group"]), required: false), .init("subject", .text),
      .init("role", .text), .init("namespace", .text, "A name, or * for all."),
    ], name: "NewRoleBinding")
}
