using System.Net;

namespace Notifications.Testing.Clusters;

/// <summary>
/// nginx before servers of WebSockets, sticky by the user: all of a run's clients have one address, so that <c>ip_hash</c> would give
/// them to one server. Its buffers are those that it comes with.
/// </summary>
internal static class Nginx
{
    private const string Remedy = "Install it, on Debian with apt-get install nginx-light.";

    // Debian keeps it off other users' PATH.
    private const string DebianPath = "/usr/sbin/nginx";

    public static bool IsInstalled => File.Exists(DebianPath) || Programs.IsInstalled("nginx");

    public static string Program => File.Exists(DebianPath) ? DebianPath : Programs.Installed("nginx", Remedy);

    public static IEnumerable<string> Command(IPEndPoint endPoint, IReadOnlyList<IPEndPoint> servers, DirectoryInfo directory) =>
        Command(Sticky(endPoint, servers), directory);

    /// <summary><paramref name="servers"/> stand in the <c>http</c> block, with their upstreams.</summary>
    public static IEnumerable<string> Command(string servers, DirectoryInfo directory)
    {
        var file = Path.Combine(directory.FullName, "nginx.conf");
        File.WriteAllText(file, Configuration(servers, directory.FullName));
        return [Program, "-c", file, "-p", directory.FullName];
    }

    private static string Configuration(string servers, string directory) => $$"""
        daemon off;
        worker_processes auto;
        worker_rlimit_nofile 20000;
        pid {{directory}}/nginx.pid;
        error_log {{directory}}/nginx-error.log warn;
        events { worker_connections 20000; }
        http {
          access_log off;
          client_body_temp_path {{directory}}/nginx-body;
          proxy_temp_path {{directory}}/nginx-proxy;
          fastcgi_temp_path {{directory}}/nginx-fastcgi;
          uwsgi_temp_path {{directory}}/nginx-uwsgi;
          scgi_temp_path {{directory}}/nginx-scgi;
          {{servers}}
        }
        """;

    private static string Sticky(IPEndPoint endPoint, IReadOnlyList<IPEndPoint> servers) => $$"""
        upstream servers {
          hash $arg_user consistent;
          {{string.Join("\n  ", servers.Select(server => $"server {server};"))}}
        }
        server {
          listen {{endPoint}};
          location / {
            proxy_pass http://servers;
            proxy_http_version 1.1;
            proxy_set_header Upgrade $http_upgrade;
            proxy_set_header Connection "upgrade";
            proxy_set_header Host $host;
            proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;
            proxy_read_timeout 1h;
          }
        }
        """;
}
