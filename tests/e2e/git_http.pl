#!/usr/bin/perl
# Serves the bare repositories below ROOT by git http-backend, one request after
# the other, to whoever knows the password.
#
#   git_http.pl ROOT PORT-FILE LOG [USER:PASSWORD]
#
# One line a request goes into LOG. Where the file ROOT/moved is, its content is
# the address that every request is redirected to; where ROOT/mute is, nothing is
# answered.
use strict;
use warnings;
use IO::Socket::INET;
use MIME::Base64;

my ($root, $port_file, $log, $login) = @ARGV;
my $server = IO::Socket::INET->new(LocalAddr => '127.0.0.1', Listen => 16, ReuseAddr => 1)
    or die "listen: $!";
my @held;

open my $out, '>', "$port_file.new" or die;
print $out $server->sockport, "\n";
close $out;
rename "$port_file.new", $port_file or die;

sub slurp {
    open my $file, '<', shift or return '';
    local $/;
    my $text = <$file>;
    $text =~ s{\s+\z}{};
    return $text;
}

sub answer {
    my ($client, $status, $head) = @_;
    print $client "HTTP/1.1 $status\r\n${head}Content-Length: 0\r\nConnection: close\r\n\r\n";
}

sub backend {
    my ($client, $method, $path, $query, $header, $body) = @_;
    local %ENV = (%ENV,
        GIT_PROJECT_ROOT => $root, GIT_HTTP_EXPORT_ALL => 1, REQUEST_METHOD => $method,
        PATH_INFO => $path, QUERY_STRING => $query, REMOTE_ADDR => '127.0.0.1',
        CONTENT_TYPE => $header->{'content-type'} // '', CONTENT_LENGTH => length $body,
        HTTP_CONTENT_ENCODING => $header->{'content-encoding'} // '',
        GIT_PROTOCOL => $header->{'git-protocol'} // '');
    open my $in, '>', "$port_file.body" or die;
    print $in $body;
    close $in;
    my $reply = `git http-backend < '$port_file.body' 2>> '$log'`;
    my ($head, $content) = split /\r?\n\r?\n/, $reply, 2;
    my $status = $head =~ s/^Status: ([^\r\n]*)\r?\n//m ? $1 : '200 OK';
    $content //= '';
    print $client "HTTP/1.1 $status\r\n$head\r\nContent-Length: ", length $content,
        "\r\nConnection: close\r\n\r\n", $content;
}

$SIG{PIPE} = 'IGNORE';
while (my $client = $server->accept) {
    my ($line, %header) = (scalar <$client>);
    next unless defined $line and $line =~ m{^(\S+) ([^? ]*)\??(\S*) };
    my ($method, $path, $query) = ($1, $2, $3);
    while (defined($line = <$client>) and $line =~ /^([^:]+):\s*(.*?)\r?\n/) {
        $header{lc $1} = $2;
    }
    read $client, my $body, $header{'content-length'} // 0;
    my $known = !$login || ($header{authorization} // '') eq 'Basic ' . encode_base64($login, '');
    open my $notes, '>>', $log or die;
    print $notes "$method $path?$query ", exists $header{authorization} ? 'with' : 'without',
        " a password\n";
    close $notes;
    if (-e "$root/mute") {
        push @held, $client;
        next;
    }
    if (-e "$root/moved") {
        answer($client, '301 Moved', 'Location: ' . slurp("$root/moved") . "$path?$query\r\n");
    } elsif (!$known) {
        answer($client, '401 Unauthorized', "WWW-Authenticate: Basic realm=\"git\"\r\n");
    } else {
        backend($client, $method, $path, $query, \%header, $body);
    }
    close $client;
}
