/// AWS Lambda's side (`runtimes.md` §9.4): `template.yaml` for the SAM command, and the `Makefile` that it runs inside each function's folder.
package enum LambdaTemplate {
    /// - Parameter folder: Where `make package` puts one folder for each function, seen from the template. SAM takes nothing from outside
    ///   those.
    package static func template(folder: String = ".build/package/lambda", endpoints: [Endpoint] = Endpoint.all) -> String {
        """
        # Made by `make generate` from the list of functions. Fill the folders with `make package`, then `sam build` and `sam deploy --guided`.
        AWSTemplateFormatVersion: "2010-09-09"
        Transform: AWS::Serverless-2016-10-31
        Description: Causeway, one handler executable for each endpoint
        Globals:
          Function:
            Runtime: provided.al2023
            Handler: bootstrap
            Architectures: [x86_64]
            Environment:
              Variables:
                CAUSEWAY_SETTINGS: /var/task/causeway.jsonc
                SWIFT_BACKTRACE: enable=no
        \(SampleSettings.secrets.map { "        \($0): !Ref \(parameter($0))\n" }.joined())Parameters:
        \(SampleSettings.secrets.map(secret).joined())Resources:
          Api:
            Type: AWS::Serverless::HttpApi
            Properties:
              StageName: "$default"
        \(endpoints.map { resource($0, in: folder) }.joined())Outputs:
          Url:
            Description: Where the functions answer
            Value: !Sub "https://${Api}.execute-api.${AWS::Region}.${AWS::URLSuffix}"

        """
    }

    private static func secret(_ name: String) -> String {
        """
          \(parameter(name)):
            Type: String
            NoEcho: true
            MinLength: 16
            Description: The settings name it {"env":"\(name)"}

        """
    }

    /// `CAUSEWAY_SESSION_KEY` → `SessionKey`.
    private static func parameter(_ name: String) -> String {
        name.split(separator: "_").dropFirst().map { $0.prefix(1) + $0.dropFirst().lowercased() }.joined()
    }

    /// The settings to start from; the address of the cache is known only once it is deployed.
    package static var settings: String {
        SampleSettings.text(url: "https://causeway.example", cacheFile: "/tmp/token-cache.sqlite", isLocal: false)
    }

    package static func makefile(_ endpoint: Endpoint) -> String {
        """
        # SAM copies this folder to a scratch place and runs make there: nothing outside it is in reach.
        build-\(endpoint.resource)Function:
        	find . -mindepth 1 -maxdepth 1 ! -name Makefile -exec cp -r {} "$(ARTIFACTS_DIR)/" \\;

        """
    }

    private static func resource(_ endpoint: Endpoint, in folder: String) -> String {
        let single = endpoint.name == "token-cache"
            ? """
                      # Entries live in the one instance's own disk; that is enough for tokens and claims, which may vanish.
                      ReservedConcurrentExecutions: 1

                """ : ""
        let events = "      Events:\n" + routes(endpoint).map(event).joined()
        return """
              # \(endpoint.summary)
              \(endpoint.resource)Function:
                Type: AWS::Serverless::Function
                Metadata:
                  BuildMethod: makefile
                Properties:
                  CodeUri: \(folder)/\(endpoint.name)/
                  MemorySize: \(endpoint.memory)
                  Timeout: \(endpoint.timeout)
            \(single)\(events)
            """
    }

    /// API Gateway takes the most specific route. An open one needs two: for the path itself and for what lies below.
    private static func routes(_ endpoint: Endpoint) -> [(name: String, path: String)] {
        let paths = endpoint.routes.flatMap { $0.isOpen ? [$0.path, $0.path + "/{proxy+}"] : [$0.path] }
        if paths.count == 2, endpoint.isOpen { return [("Exact", paths[0]), ("Below", paths[1])] }
        return paths.enumerated().map { ("Route\($0 + 1)", $1) }
    }

    private static func event(_ name: String, _ path: String) -> String {
        """
                \(name):
                  Type: HttpApi
                  Properties:
                    ApiId: !Ref Api
                    Path: \(path)
                    Method: ANY
                    PayloadFormatVersion: "2.0"

        """
    }
}
