package import Conversation
