package import HTTPTypes

extension HTTPFields {
    /// The value of a field; several of one name are joined as the list that they are (RFC 9110 §5.3). `nil` when there is none.
    ///
    /// What the subscript gives, without its chain of lazy sequences: their generic types would be made anew in each process that answers
    /// one request, and each request would pay for the joining of one value.
    package func value(_ name: HTTPField.Name) -> String? {
        var joined: String?
        for index in startIndex..<endIndex where self[index].name == name {
            let value = self[index].value
            if let earlier = joined { joined = earlier + (name == .cookie ? "; " : ", ") + value } else { joined = value }
        }
        return joined
    }
}
