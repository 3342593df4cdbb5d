public import Engine
public import Model

/// Every connector of this build.
public enum Catalog {
  /// Ready to run, in the order of `descriptions`.
  public static func all(children: ChildProcesses) -> [any Connector] {
    [
      Shell(children: children), Python(children: children), ProcessRun(children: children), Fail(),
      ObjectPut(), ObjectGet(), ObjectList(), TextExtract(),
    ]
  }

  /// What is known of them without running any.
  public static var descriptions: [ConnectorDescription] {
    all(children: ChildProcesses()).map(\.description)
  }
}
