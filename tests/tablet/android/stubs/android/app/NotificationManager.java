package android.app;

public class NotificationManager {
    public static final int IMPORTANCE_LOW = 2;
    public NotificationChannel channel;
    public void createNotificationChannel(NotificationChannel made) { channel = made; }
}
