/// How far the keys of a `files` trigger go, for the file's reader and for whoever watches the folder.
public enum FilesTriggerLimits {
  public static let stableFor: ClosedRange<Duration> = .zero ... .seconds(3_600)
  public static let batchMax: ClosedRange<Int64> = 1...1_000
  public static let batchWait: ClosedRange<Duration> = .zero ... .seconds(86_400)
}
