/// What keeps one client, or all of them, from costing more than they may.
public enum HubLimits {
  /// Of a message from a client, in bytes.
  public static let messageIn = 16 * 1024
  /// Of a message to a client, in bytes.
  public static let messageOut = 64 * 1024
  public static let subscriptions = 64
  /// Answers that wait for a client which asks and does not read.
  public static let answers = 32
  /// What is taken for one client at once: so many messages, or about so many bytes.
  public static let takenMessages = 256
  public static let takenBytes = 256 * 1024
  /// Of what a channel holds for those who are behind. Of it an entry is only kept until all have it.
  public static let ringBytes = 4 << 20
  public static let ringMessages = 16_384
  /// The same of a log's lines: some seconds of a program that says ten thousand a second.
  public static let lineRingBytes = 16 << 20
  public static let lineRingMessages = 65_536
  /// Of all channels; beyond it each holds no more than `tightBytes`.
  public static let allBytes = 32 << 20
  public static let tightBytes = 64 * 1024
  /// Entries of the node's feed that are read at once.
  public static let feedPage = 1_024
  /// How long a client may take to say who it is.
  public static let signIn = Duration.seconds(10)
  /// How old what a client may do can become before it is asked again.
  public static let access = Duration.seconds(60)
  /// How long the hub goes on to listen after the last client has left, so that one who comes back misses
  /// nothing.
  public static let linger = Duration.seconds(60)
  /// Between two looks at rows.
  public static let rows = Duration.seconds(1)
  /// Of a channel's name, in bytes.
  public static let name = 1_024
  /// Conditions of one `label:` channel.
  public static let labels = 8
  /// Open questions in the snapshot of `asks:me`.
  public static let asks = 50
  /// A client that was told to go comes back after so long, and up to twice as long.
  public static let reconnect = Duration.seconds(2)
}
