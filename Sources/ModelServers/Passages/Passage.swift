import Captures
import Foundation
import TokenProcess

/// What is to be scored: a prefix, and the reference that may follow it; as texts, as messages before an answer, or as
/// token ids where those are settled.
public struct Passage: Sendable, Equatable {
  /// The record's name.
  public var id: String
  /// The text before the reference.
  public var prefix: String?
  /// The reference as text.
  public var reference: String?
  /// The conversation before the reference, in place of a prefix: the model's chat template makes one of it.
  public var messages: [ChatMessage]?
  /// The tokens of the prefix.
  public var prefixTokenIDs: [Int]?
  /// The tokens of the reference.
  public var referenceTokenIDs: [Int]?
  /// Which of several prefixes of the same reference this is.
  public var prefixID: String?
  /// Where the passage stands in a longer text.
  public var place: Record.Place?
  /// Where the record is from.
  public var source: String?
  /// The training run.
  public var run: String?
  /// `train`, or another part of the data.
  public var split: String?
  /// The epoch of the checkpoint.
  public var epoch: Double?
  /// The mean training loss of that epoch.
  public var trainLoss: Double?
  /// How often the record was shown.
  public var repetitions: Double?

  /// As a line of input, with the usual names of fields.
  var line: Data {
    var line = JSONObjectWriter()
    line.add("id", id)
    line.add("prefix", prefix)
    line.add("reference", reference)
    line.add("messages", objects: messages) { $0.add($1) }
    line.add("prefix_id", prefixID)
    line.add("prefix_token_ids", prefixTokenIDs)
    let isLongPass = place?.isLongPass == true
    line.add("reference_token_ids", isLongPass ? nil : referenceTokenIDs)
    line.add("token_ids", isLongPass ? referenceTokenIDs : nil)
    line.add("document", place?.document)
    line.add("start", place?.start)
    line.add("token_offsets", place?.tokenOffsets)
    line.add("document_tokens", place?.documentTokens)
    line.add("source", source)
    line.add("run", run)
    line.add("split", split)
    line.add("epoch", epoch)
    line.add("train_loss", trainLoss)
    line.add("repetitions", repetitions)
    return Data(line.finished())
  }

  /// What tells a passage from all others of a capture.
  var key: String {
    ([id, run ?? "", split ?? "", epoch.map { "\($0)" } ?? ""] + [prefixID].compactMap(\.self)).joined(
      separator: "\u{1F}")
  }

  /// A record with what the passage says of itself.
  func record(_ tokenLogProbabilities: [Double]) -> Record {
    var record = Record(unchecked: id, tokenLogProbabilities: tokenLogProbabilities)
    record.prefix = prefix
    record.reference = reference
    record.prefixTokenIDs = prefixTokenIDs
    record.referenceTokenIDs = referenceTokenIDs
    record.prefixID = prefixID
    record.place = place
    record.source = source
    record.run = run
    record.split = split
    record.epoch = epoch
    record.trainLoss = trainLoss
    record.repetitions = repetitions
    return record
  }
}

/// What was said in a conversation, and by whom.
public struct ChatMessage: Sendable, Equatable {
  /// `system`, `user`, `assistant`, or what else the template knows.
  public var role: String
  /// The text.
  public var content: String
}

extension JSONObjectWriter {
  /// The members of a message.
  mutating func add(_ message: ChatMessage) {
    add("role", message.role)
    add("content", message.content)
  }
}
